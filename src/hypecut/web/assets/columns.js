// The clips of a montage by streamer: what is in it, what is not and why, the same moments under their best.
import { clock, components } from "hypecut-pages/format.js";

export default {
  template: `
    <div class="lanes" role="group" aria-label="Clips by streamer" tabindex="0">
      <section v-for="column in columns" :key="column.streamer" class="lane" :aria-label="column.streamer || 'Files'">
        <div class="row apart"><h2 class="break">{{ column.streamer || "Files" }}</h2>
          <span class="small num">{{ clock(column.shown_s) }} · {{ Math.round(column.share * 100) }} %</span></div>
        <progress :value="column.share" max="1" :aria-label="'Share of ' + (column.streamer || 'the files')"></progress>
        <div v-for="clip in column.clips" :key="clip.id" class="clip" :class="{ shown: clip.number }" :data-clip="clip.id">
          <div class="row"><b v-if="clip.number" class="num">{{ clip.number }}</b><span class="break grow">{{ clip.title }}</span>
            <span class="num score" :title="components(clip)">{{ Math.round(clip.score * 100) }}</span></div>
          <div class="small muted num">{{ facts(clip) }}</div>
          <div v-if="!clip.number && clip.why_not" class="small break">{{ clip.why_not }}</div>
          <div class="row"><button v-if="!clip.number" class="tiny" :disabled="busy" @click="$emit('add', clip.id)">Add<span class="sr"> {{ clip.title }}</span></button>
            <button v-if="!clip.number && chosen" class="tiny" :disabled="busy" @click="$emit('swap', clip.id)">Swap for {{ chosen }}<span class="sr"> with {{ clip.title }}</span></button>
            <button v-if="clip.number" class="tiny" @click="$emit('pick', clip.key)">Show<span class="sr"> {{ clip.title }}</span></button></div>
          <details v-if="clip.like.length"><summary class="small">{{ clip.like.length }} like this</summary>
            <div v-for="one in clip.like" :key="one.id" class="like" :data-clip="one.id">
              <div class="small break">{{ one.title }} <span class="muted num">{{ facts(one) }}</span></div>
              <button v-if="clip.number" class="tiny" :disabled="busy" @click="$emit('swap', one.id, clip.key)">Take this instead<span class="sr">: {{ one.title }}</span></button>
              <button v-else class="tiny" :disabled="busy" @click="$emit('add', one.id)">Add<span class="sr"> {{ one.title }}</span></button></div></details>
        </div>
      </section>
    </div>`,
  props: { columns: { type: Array, required: true }, chosen: { type: [Number, String], default: "" }, busy: Boolean },
  emits: ["add", "swap", "pick"],
  methods: {
    clock, components,
    facts(clip) {
      const views = clip.views ? `${clip.views.toLocaleString()} views` : "";
      const votes = clip.votes > 1 ? `clipped by ${clip.votes}` : "";
      return [clip.duration_s ? `${clip.duration_s.toFixed(0)} s` : "", views, votes, clip.here ? "" : "not fetched yet"].filter(Boolean).join(" · ");
    },
  },
};
