// The sheet of keys.

export default {
  template: `
    <dialog ref="sheet" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <table><caption class="sr">Keys and what they do</caption>
        <thead class="sr"><tr><th scope="col">Key</th><th scope="col">What it does</th></tr></thead>
        <tbody><tr v-for="[key, what] in keys" :key="key"><th scope="row"><kbd>{{ key }}</kbd></th><td>{{ what }}</td></tr></tbody></table>
      <form method="dialog"><button>Close</button></form>
    </dialog>`,
  props: { keys: { type: Array, required: true } },
  methods: {
    open() {
      this.$refs.sheet.showModal();
    },
    shown() {
      return this.$refs.sheet.open;
    },
  },
};
