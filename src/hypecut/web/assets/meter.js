// The length of the montage beside the window it is meant for.
import { clock } from "hypecut-pages/format.js";

export default {
  template: `
    <div class="meter" role="meter" aria-label="Length of the montage" aria-valuemin="0" :aria-valuemax="Math.round(top)"
      :aria-valuenow="Math.round(meter.total_s)" :aria-valuetext="text">
      <span class="num total" :class="meter.verdict">{{ clock(meter.total_s) }}</span>
      <span class="track" aria-hidden="true"><span class="window" :style="{ left: share(meter.min_s), right: rest(meter.max_s) }"></span>
        <span class="fill" :class="meter.verdict" :style="{ width: share(meter.total_s) }"></span></span>
      <span class="small" data-verdict>{{ words }}</span>
    </div>`,
  props: { meter: { type: Object, required: true } },
  computed: {
    top() {
      return Math.max(this.meter.max_s * 1.25, this.meter.total_s);
    },
    words() {
      const { total_s, min_s, max_s, verdict } = this.meter;
      if (verdict === "short") return `${clock(min_s - total_s)} too short`;
      if (verdict === "long") return `${clock(total_s - max_s)} too long`;
      return `fits ${clock(min_s)}–${clock(max_s)}`;
    },
    text() {
      return `${clock(this.meter.total_s)}, ${this.words}`;
    },
  },
  methods: {
    clock,
    share(time) {
      return `${Math.min(100, (time / this.top) * 100)}%`;
    },
    rest(time) {
      return `${Math.max(0, 100 - (time / this.top) * 100)}%`;
    },
  },
};
