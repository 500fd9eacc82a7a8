// The switch between light and dark; without a choice the browser's own holds.
const KEY = "hypecut-theme";

export default {
  template: `<button type="button" @click="change">{{ dark ? "Light theme" : "Dark theme" }}</button>`,
  data: () => ({ dark: false }),
  mounted() {
    const chosen = localStorage.getItem(KEY);
    if (chosen) Quasar.Dark.set(chosen === "dark");
    this.dark = Quasar.Dark.isActive;
  },
  methods: {
    change() {
      this.dark = !this.dark;
      Quasar.Dark.set(this.dark);
      localStorage.setItem(KEY, this.dark ? "dark" : "light");
    },
  },
};
