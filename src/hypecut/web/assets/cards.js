// The cuts of a montage as a list of cards, in their order; the chosen one can be changed to the picture.
import { clock, components } from "hypecut-pages/format.js";

const STEPS = [["−5 s", { seconds: -5 }], ["−1 s", { seconds: -1 }], ["−1 f", { frames: -1 }],
  ["+1 f", { frames: 1 }], ["+1 s", { seconds: 1 }], ["+5 s", { seconds: 5 }]];

export default {
  template: `
    <ol class="cards">
      <li v-for="(cut, i) in cuts" :key="cut.key" class="cut" :class="{ aside: !cut.kept, on: cut.key === selected, over: over === i }"
        :data-key="cut.key" :data-start="cut.start_s" :data-end="cut.end_s" draggable="true" :aria-current="cut.key === selected ? 'true' : null"
        @click="$emit('pick', cut)" @dragstart="lift($event, i)" @dragover.prevent="over = i" @dragleave="over = -1" @drop.prevent="put(i)" @dragend="over = lifted = -1">
        <img :src="cut.thumb" alt="" width="112" height="63" loading="lazy" draggable="false">
        <div class="facts">
          <div class="row"><button class="name" @click.stop="$emit('pick', cut)"><b class="num">{{ cut.number || "–" }}</b>
            <span class="num">{{ clock(cut.shown_start_s) }}–{{ clock(cut.shown_end_s) }}</span></button>
            <span class="num muted">{{ (cut.end_s - cut.start_s).toFixed(1) }} s</span>
            <span v-if="cut.score != null" class="num score" :title="components(cut)">{{ Math.round(cut.score * 100) }}</span></div>
          <div v-if="cut.title || cut.name" class="break">{{ [cut.title, cut.name].filter(Boolean).join(" · ") }}</div>
          <div v-for="reason in cut.reasons.slice(0, 2)" class="small muted break">{{ reason }}</div>
        </div>
        <div class="row acts">
          <button class="tiny" @click.stop="op({ op: 'keep', key: cut.key, kept: !cut.kept })">{{ cut.kept ? "Skip" : "Keep" }}<span class="sr"> cut {{ i + 1 }}</span></button>
          <button class="tiny" :aria-pressed="String(cut.locked)" @click.stop="op({ op: 'lock', key: cut.key, locked: !cut.locked })">Lock<span class="sr"> cut {{ i + 1 }}</span></button>
          <button class="tiny" :aria-label="'Earlier in the montage, cut ' + (i + 1)" :disabled="i === 0" @click.stop="reorder(cut, i - 1)">↑</button>
          <button class="tiny" :aria-label="'Later in the montage, cut ' + (i + 1)" :disabled="i === cuts.length - 1" @click.stop="reorder(cut, i + 1)">↓</button>
        </div>
        <div v-if="cut.key === selected" class="more stack" @click.stop>
          <div v-for="edge in ['start', 'end']" class="row"><span class="edge">{{ edge }} <span class="num">{{ clock(cut["shown_" + edge + "_s"], 2) }}</span></span>
            <button v-for="[name, step] in steps" class="tiny" :disabled="cut.locked" :aria-label="edge + ' ' + name" @click="op({ op: 'nudge', key: cut.key, edge, ...step })">{{ name }}</button></div>
          <div class="row"><label class="row grow">Title <input class="grow" :value="cut.title" maxlength="200" @change="op({ op: 'title', key: cut.key, title: $event.target.value })"></label>
            <label class="row">Gain <input type="number" style="width: 5rem" step="0.5" min="-60" max="60" :value="cut.gain_db" @change="gain(cut, $event.target)"> dB</label></div>
          <div v-for="reason in cut.reasons.slice(2)" class="small muted break">{{ reason }}</div>
          <blockquote v-for="text in cut.messages" class="small break">{{ text }}</blockquote>
        </div>
      </li>
    </ol>`,
  props: { cuts: { type: Array, required: true }, selected: { type: String, default: "" } },
  emits: ["op", "pick"],
  data: () => ({ steps: STEPS, over: -1, lifted: -1 }),
  methods: {
    clock, components,
    op(operation) {
      this.$emit("op", operation);
    },
    reorder(cut, index) {
      this.op({ op: "reorder", key: cut.key, index });
    },
    gain(cut, field) {
      if (field.value !== "" && field.checkValidity()) this.op({ op: "gain", key: cut.key, gain_db: Number(field.value) });
      else field.value = cut.gain_db;
    },
    lift(event, i) {
      this.lifted = i;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", String(i));
    },
    put(i) {
      if (this.lifted >= 0 && this.lifted !== i) this.reorder(this.cuts[this.lifted], i);
      this.over = this.lifted = -1;
    },
  },
};
