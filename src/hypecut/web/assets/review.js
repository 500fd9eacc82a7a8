// The review of a job's plan: the video beside the chat's curve, the cuts as cards and bands.
// The server holds the plan: everything done here is sent there as an operation, and what comes back is shown.
import Cards from "hypecut-pages/cards.js";
import Columns from "hypecut-pages/columns.js";
import { clock, components } from "hypecut-pages/format.js";
import Help from "hypecut-pages/help.js";
import Meter from "hypecut-pages/meter.js";
import { Player } from "hypecut-pages/player.js";
import { Timeline } from "hypecut-pages/timeline.js";

const KEYS = [["Space, K", "play, pause"], ["J", "back 5 s"], ["L", "play, faster each time"],
  ["← →", "one picture; with Shift one second; with Alt five"], ["↑ ↓", "cut before, cut after"],
  ["I, O", "cut begins here, ends here"], ["[ ]", "begin one second earlier, later; with Shift the end"],
  ["X", "keep or set aside"], ["H", "hold (lock) or let go"], ["C", "choose all but the locked cuts anew"], ["Alt ↑ ↓", "cut earlier, later in the montage"],
  ["A", "take in the runner-up at the playhead"], ["U, Shift U", "undo, redo"], ["P", "preview the cuts in order"],
  ["+ − 0", "zoom in, out, to all"], ["?", "this sheet"]];
const WAIT_MS = 80;
const TYPING_MS = 300;

export default {
  components: { Cards, Columns, Help, Meter },
  template: `
    <div class="hc review">
      <div class="bar row">
        <h1 class="break">{{ state.title }}</h1>
        <Meter :meter="state.meter"></Meter>
        <span class="grow"></span>
        <button @click="$emit('undo')" :disabled="!state.can_undo">Undo</button>
        <button @click="$emit('redo')" :disabled="!state.can_redo">Redo</button>
        <button @click="preview">{{ listing ? "Stop" : "Preview" }}</button>
        <button class="main" @click="$emit('render')" :disabled="Boolean(state.render.busy || state.conflict)">Render</button>
        <a v-if="state.result" class="button" :href="state.result">Result</a>
        <button @click="$refs.help.open()">Keys</button>
      </div>
      <div v-if="state.conflict" class="notice warn row apart" role="alert">
        <span>{{ state.conflict }}</span>
        <span class="row"><button @click="$emit('resolve', false)">Load the other</button>
          <button @click="$emit('resolve', true)">Save mine over it</button></span>
      </div>
      <p v-if="state.render.text" class="notice" :class="{ bad: state.render.error }" role="status">{{ state.render.text }}
        <button v-if="state.render.busy" class="tiny" @click="$emit('stop')">Stop</button>
        <progress v-if="state.render.busy" :value="state.render.share" max="1" aria-label="Progress of rendering"></progress></p>
      <p class="sr" role="status" data-said>{{ state.said }}</p>
      <section class="screen" aria-label="Recording">
        <div class="videos">
          <video ref="a" playsinline aria-label="Recording" @click="toggle"></video>
          <video ref="b" playsinline hidden aria-label="Recording, next cut" @click="toggle"></video>
        </div>
        <div class="row controls">
          <button @click="toggle" :aria-pressed="String(playing)">{{ playing ? "Pause" : "Play" }}</button>
          <span class="num" data-time>{{ clock(time, 2) }}</span><span class="muted num">/ {{ clock(state.duration_s) }}</span>
          <span v-if="speed > 1" class="num">{{ speed }}×</span>
          <span class="grow"></span>
          <template v-if="!state.columns">
          <button class="tiny" @click="line.zoom(0.5)" aria-label="Zoom in">+</button>
          <button class="tiny" @click="line.zoom(2)" aria-label="Zoom out">−</button>
          <button class="tiny" @click="line.pan(-0.5)" aria-label="Earlier">◀</button>
          <button class="tiny" @click="line.pan(0.5)" aria-label="Later">▶</button>
          <button class="tiny" @click="all">All</button>
          <button class="tiny" @click="closer" :disabled="!chosen">Cut</button>
          </template>
        </div>
        <p v-if="listing && state.not_previewed" class="small muted" role="status">Preview without {{ state.not_previewed }}: those come with rendering.</p>
        <p v-if="trouble" class="notice warn small" role="alert">{{ trouble }}</p>
        <Columns v-if="state.columns" :columns="state.columns" :chosen="chosen?.locked ? '' : chosen?.number" :busy="Boolean(state.fetching)"
          @add="(clip) => $emit('add', clip)" @swap="exchange" @pick="(key) => pick(state.cuts.find((cut) => cut.key === key))"></Columns>
        <p v-if="state.fetching" class="small muted" role="status">{{ state.fetching }}</p>
        <canvas v-if="!state.columns" ref="line" class="line" tabindex="0" role="slider" aria-label="Place in the recording"
          aria-valuemin="0" :aria-valuemax="Math.round(state.duration_s)" :aria-valuenow="Math.round(time)"
          :aria-valuetext="clock(time)"></canvas>
        <form v-if="!state.columns" class="row explore" @submit.prevent>
          <label class="row">Show only <input v-model="words" @input="explore" maxlength="200" placeholder="word or emote"></label>
          <label class="row grow">Sensitivity <input type="range" min="0" max="1" step="0.05" v-model.number="sensitivity" @input="explore"></label>
          <span class="small muted" role="status">{{ state.exploring || state.marks.length + " more moments" }}</span>
        </form>
      </section>
      <section class="lists" aria-label="Cuts">
        <div class="row"><div class="row" role="tablist" aria-label="What to list">
          <button role="tab" id="tab-cuts" aria-controls="panel" :aria-selected="String(tab === 'cuts')" :tabindex="tab === 'cuts' ? 0 : -1"
            @click="tab = 'cuts'" @keydown.right="swapTab" @keydown.left="swapTab">Cuts {{ kept.length }}</button>
          <button v-if="!state.columns" role="tab" id="tab-more" aria-controls="panel" :aria-selected="String(tab === 'more')" :tabindex="tab === 'more' ? 0 : -1"
            @click="tab = 'more'" @keydown.right="swapTab" @keydown.left="swapTab">Runners-up {{ state.marks.length }}</button></div>
          <span class="grow"></span>
          <button class="tiny" title="Fill the length again around the locked cuts; what was skipped stays out" @click="$emit('anew')"
            :disabled="Boolean(state.render.busy || state.conflict || state.fetching)">Choose anew</button>
        </div>
        <div id="panel" class="panel" role="tabpanel" :aria-labelledby="'tab-' + tab" tabindex="0">
          <Cards v-if="tab === 'cuts'" :cuts="state.cuts" :selected="selected" @op="op" @pick="pick"></Cards>
          <ol v-else class="cards">
            <li v-for="mark in state.marks" :key="mark.id" class="cut" :data-mark="mark.id">
              <img :src="mark.thumb" alt="" width="112" height="63" loading="lazy">
              <div class="facts">
                <div class="row"><button class="name num" @click="player.seek(mark.start_s)">{{ clock(mark.start_s) }}–{{ clock(mark.end_s) }}</button>
                  <span class="num score" :title="components(mark)">{{ Math.round(mark.score * 100) }}</span></div>
                <div v-for="reason in mark.reasons.slice(0, 2)" class="small muted break">{{ reason }}</div>
                <div v-if="mark.why_not" class="small break">Not picked: {{ mark.why_not }}</div>
                <blockquote v-for="text in mark.messages.slice(0, 2)" class="small break">{{ text }}</blockquote>
              </div>
              <div class="row acts">
                <button class="tiny" @click="add(mark)">Add<span class="sr"> the moment at {{ clock(mark.start_s) }}</span></button>
                <button class="tiny" :disabled="!chosen || chosen.locked" @click="swap(mark)">Swap for {{ chosen?.number || "the chosen" }}<span class="sr"> with the moment at {{ clock(mark.start_s) }}</span></button>
              </div>
            </li>
            <li v-if="!state.marks.length" class="empty">No other moment was found; a higher sensitivity finds more.</li>
          </ol>
        </div>
      </section>
      <Help ref="help" :keys="keys"></Help>
    </div>`,
  props: { state: { type: Object, required: true } },
  emits: ["op", "add", "swap", "anew", "undo", "redo", "render", "stop", "resolve", "view", "explore"],
  data: () => ({
    keys: KEYS, tab: "cuts", selected: "", time: 0, playing: false, listing: false, speed: 1,
    words: "", sensitivity: 0.5, trouble: "", timers: {},
  }),
  computed: {
    kept() {
      return this.state.cuts.filter((cut) => cut.kept);
    },
    chosen() {
      return this.state.cuts.find((cut) => cut.key === this.selected);
    },
  },
  watch: {
    state() {
      this.player.setParts(this.state.parts);
      this.line?.setDuration(this.state.duration_s);
      this.redraw();
    },
    selected() {
      this.redraw();
    },
  },
  created() {
    // Not made reactive: they draw by themselves, sixty times a second.
    this.player = null;
    this.line = null;
  },
  mounted() {
    this.player = new Player([this.$refs.a, this.$refs.b], {
      time: (time) => {
        this.time = time;
        this.trouble = "";
        this.line?.follow(time);
      },
      state: () => Object.assign(this, { playing: this.player.playing, listing: this.player.listing }),
      failed: (text) => (this.trouble = text),
    });
    if (this.$refs.line) this.line = this.timeline();
    this.player.setParts(this.state.parts);
    this.line?.setDuration(this.state.duration_s);
    this.redraw();
    const first = this.state.cuts[0];
    if (first) {
      this.selected = first.key;
      this.player.seek(first.start_s);
    }
    document.addEventListener("keydown", this.key);
  },
  unmounted() {
    document.removeEventListener("keydown", this.key);
    this.player.close();
    this.line?.close();
  },
  methods: {
    clock, components,
    timeline() {
      return new Timeline(this.$refs.line, {
        seek: (time) => this.player.seek(time),
        select: (key) => (this.selected = key),
        edge: (key, edge, time_s) => this.op({ op: "edge", key, edge, time_s, timeline: true }),
        slide: (key, start_s) => this.op({ op: "slide", key, start_s, timeline: true }),
        add: (mark) => this.$emit("add", mark.id),
        view: (from, to, points) => this.later("view", WAIT_MS, () => this.$emit("view", { from, to, points })),
      });
    },
    later(name, wait, work) {
      clearTimeout(this.timers[name]);
      this.timers[name] = setTimeout(work, wait);
    },
    showCurve(curve) {
      this.line.set({ curve });
    },
    redraw() {
      if (!this.line) return;
      const bands = this.state.cuts.map((cut) => ({ key: cut.key, start: cut.start_s, end: cut.end_s,
        kept: cut.kept, locked: cut.locked, number: cut.number }));
      const marks = this.state.marks.map((mark) => ({ id: mark.id, peak: mark.peak_s }));
      this.line.set({ bands, marks, selected: this.selected });
    },
    op(operation) {
      this.$emit("op", operation);
    },
    pick(cut) {
      this.selected = cut.key;
      this.player.seek(cut.start_s);
      this.$nextTick(() => this.$el.querySelector(`[data-key="${cut.key}"]`)?.scrollIntoView({ block: "nearest" }));
    },
    step(by) {
      const at = this.state.cuts.indexOf(this.chosen);
      const cut = this.state.cuts[Math.min(this.state.cuts.length - 1, Math.max(0, at + by))];
      if (cut) this.pick(cut);
    },
    keep(cut) {
      this.op({ op: "keep", key: cut.key, kept: !cut.kept });
    },
    lock(cut) {
      this.op({ op: "lock", key: cut.key, locked: !cut.locked });
    },
    reorder(cut, index) {
      if (index >= 0 && index < this.state.cuts.length) this.op({ op: "reorder", key: cut.key, index });
    },
    nudge(cut, edge, step) {
      this.op({ op: "nudge", key: cut.key, edge, ...step });
    },
    add(mark) {
      this.$emit("add", mark.id);
    },
    swap(mark) {
      this.$emit("swap", { key: this.selected, mark: mark.id });
    },
    exchange(mark, key) {
      this.$emit("swap", { key: key || this.selected, mark });
    },
    swapTab() {
      if (this.state.columns) return;
      this.tab = this.tab === "cuts" ? "more" : "cuts";
      this.$nextTick(() => document.getElementById(`tab-${this.tab}`).focus());
    },
    explore() {
      this.later("explore", TYPING_MS, () => this.$emit("explore", { words: this.words, sensitivity: this.sensitivity }));
    },
    all() {
      this.line?.show(0, this.state.duration_s);
    },
    closer() {
      const { start_s, end_s } = this.chosen;
      this.line.show(start_s - (end_s - start_s), end_s + (end_s - start_s));
    },
    toggle() {
      if (this.player.playing) this.player.pause();
      else this.player.play();
      this.speed = 1;
    },
    preview() {
      if (this.player.listing) {
        this.player.pause();
        this.player.stopList();
        this.listing = false;
      } else this.player.playList(this.kept.map((cut) => ({ from: cut.start_s, to: cut.end_s, gain: cut.gain_db })));
    },
    frame() {
      const part = this.state.parts.find((one) => this.time < one.end) || this.state.parts.at(-1);
      return 1 / part.rate;
    },
    moveBy(seconds) {
      this.player.pause();
      this.player.seek(this.time + seconds);
    },
    key(event) {
      if (event.ctrlKey || event.metaKey) {
        const name = event.key.toLowerCase();
        if (!this.typing(event) && (name === "z" || name === "y")) {
          event.preventDefault();
          this.$emit(name === "y" || event.shiftKey ? "redo" : "undo");
        }
        return;
      }
      if (this.typing(event) || this.$refs.help.shown()) return;
      const work = this.work(event);
      if (!work) return;
      event.preventDefault();
      work();
    },
    typing(event) {
      const tag = event.target.tagName;
      if (tag === "INPUT") return event.target.type !== "range" || event.key.startsWith("Arrow");
      if (tag === "TEXTAREA" || tag === "SELECT") return true;
      const pressed = event.key === " " || event.key === "Enter";
      const tabs = event.target.getAttribute?.("role") === "tab" && /Arrow(Left|Right)/.test(event.key);
      return tabs || (pressed && ["BUTTON", "A", "SUMMARY"].includes(tag));
    },
    work(event) {
      const cut = this.chosen;
      const by = event.altKey ? 5 : event.shiftKey ? 1 : this.frame();
      const at = this.state.cuts.indexOf(cut);
      const onCut = (work) => cut && (() => work(cut));
      return {
        " ": this.toggle, k: this.toggle, K: this.toggle, j: () => this.moveBy(-5), J: () => this.moveBy(-5),
        l: this.faster, L: this.faster, ArrowLeft: () => this.moveBy(-by), ArrowRight: () => this.moveBy(by),
        ArrowUp: event.altKey ? onCut(() => this.reorder(cut, at - 1)) : () => this.step(-1),
        ArrowDown: event.altKey ? onCut(() => this.reorder(cut, at + 1)) : () => this.step(1),
        i: onCut(() => this.op({ op: "edge", key: cut.key, edge: "start", time_s: this.time, timeline: true })),
        o: onCut(() => this.op({ op: "edge", key: cut.key, edge: "end", time_s: this.time, timeline: true })),
        "[": onCut(() => this.nudge(cut, "start", { seconds: -1 })), "]": onCut(() => this.nudge(cut, "start", { seconds: 1 })),
        "{": onCut(() => this.nudge(cut, "end", { seconds: -1 })), "}": onCut(() => this.nudge(cut, "end", { seconds: 1 })),
        x: onCut(() => this.keep(cut)), h: onCut(() => this.lock(cut)), u: () => this.$emit("undo"), U: () => this.$emit("redo"),
        a: this.nearest(), c: () => this.$emit("anew"), p: this.preview, "+": () => this.line?.zoom(0.5), "=": () => this.line?.zoom(0.5),
        "-": () => this.line?.zoom(2), 0: this.all, "?": () => this.$refs.help.open(),
      }[event.key];
    },
    faster() {
      this.speed = this.player.playing ? Math.min(4, this.speed * 2) : 1;
      this.player.play(this.speed);
    },
    nearest() {
      const mark = this.state.marks.find((one) => one.start_s <= this.time && this.time < one.end_s);
      return mark && (() => this.add(mark));
    },
  },
};
