// What a job made: the montage to watch, and everything to take along.
import { bytes, clock } from "hypecut-pages/format.js";

export default {
  template: `
    <div class="hc stack">
      <div class="row apart">
        <div class="row"><h1 class="break">{{ state.title }}</h1>
          <span v-if="state.stale" class="status warn" role="status">plan changed since render</span></div>
        <div class="row"><a v-if="state.review" class="button" :href="state.review">Review</a>
          <button v-if="state.stale" class="main" :disabled="state.render.busy" @click="$emit('render')">Render again</button>
          <a class="button" :class="{ main: !state.stale }" :href="state.url + '&download=1'" download>Download {{ bytes(state.size) }}</a></div>
      </div>
      <p v-if="state.render.text" class="notice" :class="{ bad: state.render.error }" role="status">{{ state.render.text }}
        <progress v-if="state.render.busy" :value="state.render.share" max="1" aria-label="Progress of rendering"></progress></p>
      <p v-for="note in state.notes" :key="note" class="notice warn break">{{ note }}</p>
      <div class="two">
        <section class="stack" aria-label="Montage"><video ref="video" :src="state.url" controls playsinline aria-label="The montage"></video>
          <ol class="card chapters" aria-label="Cuts of the montage">
            <li v-for="cut in state.cuts" :key="cut.number"><button class="name num" @click="jump(cut)">{{ clock(Math.floor(cut.at_s)) }}</button>
              <span class="break">{{ cut.title }}</span> <span class="small muted break">{{ cut.reasons }}</span></li></ol>
        </section>
        <div class="stack">
          <section v-for="text in state.texts" :key="text.name" class="card stack" :aria-label="text.name">
            <div class="row apart"><h2>{{ text.name }}</h2><button @click="copy(text)">{{ copied === text.name ? "Copied" : "Copy" }}<span class="sr"> {{ text.name }}</span></button></div>
            <pre tabindex="0">{{ text.text }}</pre></section>
          <section class="card stack" aria-label="For editing programs"><h2>For editing programs</h2>
            <div class="row"><a v-for="one in state.exports" :key="one.format" class="button" :href="one.url" download>{{ one.name }}</a></div></section>
          <section class="card stack" aria-label="Why these moments"><h2>Why these moments</h2>
            <p class="small">A page to send to others: the curve, the picks and their reasons in one file.</p>
            <div class="row"><a class="button" :href="state.explanation + '?names=1'" download>With names</a>
              <a class="button" :href="state.explanation + '?names=0'" download>Names replaced</a></div></section>
          <section class="card stack" aria-label="Files"><h2>Files</h2>
            <ul class="plain"><li v-for="file in state.files" :key="file.name"><a :href="file.url" download class="break">{{ file.name }}</a> <span class="small muted num">{{ bytes(file.size) }}</span></li></ul></section>
        </div>
      </div>
    </div>`,
  props: { state: { type: Object, required: true } },
  emits: ["render"],
  data: () => ({ copied: "" }),
  methods: {
    bytes, clock,
    jump(cut) {
      this.$refs.video.currentTime = cut.at_s;
      this.$refs.video.play().catch(() => {});
    },
    async copy(text) {
      try {
        await navigator.clipboard.writeText(text.text);
      } catch {
        // Without https the browser has no clipboard to write to but this way.
        const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text.text }));
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      this.copied = text.name;
    },
  },
};
