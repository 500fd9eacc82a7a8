// The table of jobs: what each is doing, and what can be done to it.
import { KINDS, bytes, clock, percent, speed, when } from "hypecut-pages/format.js";

const STATES = ["queued", "running", "done", "failed", "cancelled"];

export default {
  template: `
    <div class="hc stack">
      <div v-if="filters" class="row" role="group" aria-label="Filter the jobs">
        <button v-for="state in states" :key="state" :aria-pressed="String(wanted.includes(state))"
          @click="toggle(state)">{{ state }}</button>
        <label class="row"><span class="sr">Kind of job</span>
          <select v-model="kind" @change="tell">
            <option value="">all kinds</option>
            <option v-for="(name, key) in kinds" :key="key" :value="key">{{ name }}</option>
          </select></label>
        <label class="row"><span class="sr">Search jobs</span>
          <input type="search" v-model="search" placeholder="Search" maxlength="200" @input="tell"></label>
      </div>
      <p v-if="!jobs.length" class="card empty">{{ empty }}</p>
      <table v-else class="jobs card" aria-label="Jobs">
        <thead><tr><th scope="col">Job</th><th scope="col">State</th><th scope="col">Progress</th>
          <th scope="col">Speed</th><th scope="col">Left</th><th scope="col">Size</th>
          <th scope="col">Actions</th></tr></thead>
        <tbody>
          <tr v-for="job in jobs" :key="job.id" :data-job="job.id">
            <td><a :href="job.href" class="break">{{ job.title }}</a>
              <div class="small muted">{{ kinds[job.kind] || job.kind }} · {{ when(job.created_at) }}</div>
              <div v-if="job.error" class="small bad break">{{ job.error }}</div></td>
            <td><span class="status" :class="job.status">{{ job.status }}</span></td>
            <td class="progress">
              <progress :value="job.progress" max="1" :aria-label="'Progress of ' + job.title"></progress>
              <div class="small muted num">{{ Math.floor(job.progress * 100) }} %<template v-if="job.step">
                · {{ job.step.name }} {{ percent(job.step) }}</template></div></td>
            <td class="small num">{{ speed(job.step) }}</td>
            <td class="small num">{{ job.eta_s == null ? "" : clock(job.eta_s) + " left" }}</td>
            <td class="small num">{{ bytes(job.size) }}</td>
            <td><div class="row">
              <a v-if="job.review" class="button" :href="job.review">Review<span class="sr"> {{ job.title }}</span></a>
              <a v-if="job.result" class="button" :href="job.result">Result<span class="sr"> of {{ job.title }}</span></a>
              <button v-for="action in job.actions" :key="action" @click="$emit('act', { id: job.id, action })">
                {{ action }}<span class="sr"> {{ job.title }}</span></button></div></td>
          </tr>
        </tbody>
      </table>
      <div v-if="total > jobs.length" class="row">
        <span class="muted">{{ jobs.length }} of {{ total }} jobs</span>
        <button @click="$emit('more')">Show more</button>
      </div>
    </div>`,
  props: {
    jobs: { type: Array, default: () => [] },
    total: { type: Number, default: 0 },
    filters: { type: Boolean, default: true },
    empty: { type: String, default: "" },
  },
  emits: ["act", "filter", "more"],
  data: () => ({ wanted: [], kind: "", search: "", states: STATES, kinds: KINDS }),
  methods: {
    bytes, clock, percent, speed, when,
    toggle(state) {
      const has = this.wanted.includes(state);
      this.wanted = has ? this.wanted.filter((one) => one !== state) : [...this.wanted, state];
      this.tell();
    },
    tell() {
      this.$emit("filter", { status: this.wanted, kind: this.kind, search: this.search });
    },
  },
};
