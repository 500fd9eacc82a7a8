// The forms that start a job; what is typed is checked by the server as it is typed.
import Chips from "hypecut-pages/chips.js";

const CHECK_MS = 250;

export default {
  components: { Chips },
  template: `
    <div class="hc stack">
      <div class="row" role="tablist" aria-label="Kind of job">
        <button v-for="(name, key) in names" :key="key" role="tab" :id="'tab-' + key" :aria-selected="String(kind === key)"
          :tabindex="kind === key ? 0 : -1" aria-controls="form" @click="choose(key)"
          @keydown.left.prevent="other" @keydown.right.prevent="other">{{ name }}</button>
      </div>
      <div id="form" role="tabpanel" :aria-labelledby="'tab-' + kind"><form class="card stack" novalidate @submit.prevent="submit">
        <template v-if="kind === 'vod_highlights'">
          <label class="field">Recording
            <input v-model="vod.source" list="recordings" maxlength="4096" autocomplete="off" :aria-invalid="wrong('source')"
              aria-describedby="said" placeholder="Twitch address or number, or a file in the media folder"></label>
          <div class="two">
            <label class="field">Chat <input v-model="vod.chat" list="chats" maxlength="4096" autocomplete="off"
              aria-describedby="said" placeholder="a file in the media folder; fetched for an address"></label>
            <label class="field">or send a chat file
              <input type="file" @change="upload" :disabled="sending"></label>
          </div>
          <datalist id="chats"><option v-for="file in files.chats" :key="file" :value="file"></option></datalist>
          <p v-if="sent" role="status" :class="sentBad ? 'bad' : 'ok'">{{ sent }}</p>
          <Chips id="keywords" v-model="vod.keywords" label="Words or emotes that raise a moment" hint="KEKW, clutch"></Chips>
        </template>
        <template v-else>
          <Chips id="streamers" v-model="clips.streamers" label="Streamers" hint="names on Twitch, one after the other"></Chips>
          <div class="row">
            <label class="field">Clips of the last
              <select v-model="clips.period"><option>day</option><option>week</option><option>month</option><option>all</option></select></label>
            <label class="field">Best of each streamer <input type="number" v-model.number="clips.k" min="1" max="100"></label>
            <label class="check"><input type="checkbox" v-model="clips.overlay"> Show the streamer's name</label>
          </div>
        </template>
        <div class="row">
          <label class="field">At least <input v-model="common.min" size="7" maxlength="20" autocomplete="off"></label>
          <label class="field">At most <input v-model="common.max" size="7" maxlength="20" autocomplete="off"></label>
          <label class="check"><input type="checkbox" v-model="common.review"> Let me review before anything is rendered</label>
        </div>
        <details>
          <summary>More</summary>
          <div class="stack" style="margin-top: .75rem">
            <div v-if="kind === 'vod_highlights'" class="row">
              <label class="field">From <input v-model="vod.from" size="8" maxlength="20" autocomplete="off"></label>
              <label class="field">To <input v-model="vod.to" size="8" maxlength="20" autocomplete="off"></label>
              <label class="field">Chat is late by <input v-model="vod.offset" size="8" maxlength="20" autocomplete="off"></label>
            </div>
            <div class="row">
              <label class="field">Between cuts
                <select v-model="common.transition"><option value="">as usual</option><option>none</option><option>fade</option><option>crossfade</option></select></label>
              <label class="field">Output folder <input v-model="common.out" maxlength="4096" autocomplete="off" placeholder="named after the source"></label>
            </div>
            <label v-if="kind === 'clip_montage'" class="field">Title card before the first clip
              <input v-model="clips.opening" maxlength="300" autocomplete="off" :aria-invalid="wrong('opening')" aria-describedby="said"></label>
            <div class="two">
              <label class="field">Intro <input v-model="common.intro" list="recordings" maxlength="4096" autocomplete="off"
                :aria-invalid="wrong('intro')" aria-describedby="said" placeholder="a video in the media folder, shown first"></label>
              <label class="field">Outro <input v-model="common.outro" list="recordings" maxlength="4096" autocomplete="off"
                :aria-invalid="wrong('outro')" aria-describedby="said" placeholder="a video in the media folder, shown last"></label>
            </div>
            <template v-if="kind === 'vod_highlights'">
              <label class="check"><input type="checkbox" v-model="vod.exact"> Exact boundaries, also where that needs encoding</label>
              <label class="check"><input type="checkbox" v-model="vod.titles"> Show where in the recording each cut is from</label>
              <label class="check"><input type="checkbox" v-model="vod.partial"> Go on with a chat of less than half the recording</label>
            </template>
          </div>
        </details>
        <datalist id="recordings"><option v-for="file in files.recordings" :key="file" :value="file"></option></datalist>
        <p id="said" role="status" class="notice" :class="{ warn: said.problem }">{{ said.problem || said.summary || hint }}</p>
        <div class="row"><button class="main" :disabled="!said.ready || busy">Start</button></div>
      </form></div>
      <section class="card row apart" aria-label="Sample">
        <p>New here? A sample job makes an invented recording of seven minutes with its chat, and finds its moments.</p>
        <div class="row"><span role="status" :class="sample.error ? 'bad' : 'muted'">{{ sample.error || sample.text }}</span>
          <button @click="$emit('sample')" :disabled="sample.busy">Try the sample</button></div>
        <progress v-if="sample.busy" :value="sample.share" max="1" aria-label="Progress of the sample"></progress>
      </section>
    </div>`,
  props: {
    files: { type: Object, default: () => ({ recordings: [], chats: [] }) },
    said: { type: Object, default: () => ({}) },
    usual: { type: Object, default: () => ({}) },
    sample: { type: Object, default: () => ({}) },
    uploadUrl: String,
  },
  emits: ["check", "start", "sample"],
  data() {
    return {
      names: { vod_highlights: "Highlights of a VOD", clip_montage: "Clip montage" },
      kind: "vod_highlights",
      vod: { source: "", chat: "", keywords: [], from: "", to: "", offset: "", exact: false, titles: false, partial: false },
      clips: { streamers: [], period: "week", k: this.usual.k, overlay: true, opening: "" },
      common: { min: this.usual.min, max: this.usual.max, review: true, transition: "", out: "", intro: "", outro: "" },
      sending: false, sent: "", sentBad: false, busy: false, timer: 0,
    };
  },
  computed: {
    form() {
      const own = this.kind === "vod_highlights" ? this.vod : this.clips;
      return { kind: this.kind, ...own, ...this.common };
    },
    hint() {
      return this.kind === "vod_highlights"
        ? "Name a recording and its chat: what the job will do is told here."
        : "Name the streamers: what the job will do is told here.";
    },
  },
  watch: {
    form: {
      deep: true,
      handler() {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.$emit("check", JSON.parse(JSON.stringify(this.form))), CHECK_MS);
      },
    },
    said() {
      this.busy = false;
    },
  },
  methods: {
    wrong(field) {
      return String(Boolean(this.said.problem) && this.said.field === field);
    },
    choose(kind) {
      this.kind = kind;
    },
    other() {
      this.kind = this.kind === "vod_highlights" ? "clip_montage" : "vod_highlights";
      this.$nextTick(() => document.getElementById("tab-" + this.kind).focus());
    },
    submit() {
      if (!this.said.ready) return;
      this.busy = true;
      this.$emit("start", JSON.parse(JSON.stringify(this.form)));
    },
    async upload(event) {
      const file = event.target.files[0];
      if (!file) return;
      [this.sending, this.sent, this.sentBad] = [true, `Sending ${file.name}…`, false];
      const body = new FormData();
      body.append("file", file);
      try {
        const answer = await fetch(this.uploadUrl, { method: "POST", body });
        const found = await answer.json();
        if (!answer.ok) throw new Error(typeof found.detail === "string" ? found.detail : found.detail[0].msg);
        this.vod.chat = found.chat_path;
        this.sent = `${file.name} is ${found.format}.`;
      } catch (error) {
        [this.sent, this.sentBad] = [`${file.name} was not taken: ${error.message}`, true];
      } finally {
        this.sending = false;
      }
    },
  },
};
