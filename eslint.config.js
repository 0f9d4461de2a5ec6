import globals from "globals";
import tseslint from "typescript-eslint";

const JS = "**/*.{js,mjs,cjs}";

export default tseslint.config(
  { ignores: ["target/", "pkg/", "**/results/"] },
  // The recommended rules, eslint's own among them.
  ...tseslint.configs.recommended,
  {
    files: [JS, "**/*.ts"],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-var": "error",
      "prefer-const": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
    },
  },
  // No file may use a name that its surroundings do not have. The package's
  // own code runs in browsers and in Node, so it gets only what both have.
  {
    files: [JS],
    rules: { "no-undef": "error" },
    languageOptions: { globals: globals["shared-node-browser"] },
  },
  // Newer browsers and runtimes have it; code asks with `typeof` first.
  { files: ["src/web/js/**"], languageOptions: { globals: { reportError: "readonly" } } },
  {
    files: ["tests/**/*.{js,mjs}", "bench/**/*.{js,mjs}", "pkg-template/build/*.mjs"],
    languageOptions: { globals: globals.node },
  },
  // Bundled into CommonJS.
  {
    files: ["pkg-template/src/{entries/node*,platform/node*,wasm/inflate}.js"],
    languageOptions: { globals: globals.node },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  // End-to-end tests hand functions to a page, where `window` is.
  {
    files: ["tests/e2e/**", "bench/cycles/page.mjs", "bench/page/**", "bench/measures/{load,followers}.mjs"],
    languageOptions: { globals: globals.browser },
  },
  // What runs in pages, in workers and in Node.
  {
    files: ["tests/matrix/fixtures/**"],
    languageOptions: {
      globals: { ...globals.browser, ...globals.worker, ...globals.node },
      parserOptions: { ecmaFeatures: { jsx: true } },
    },
  },
  { files: ["www/**/*.{js,mjs}"], languageOptions: { globals: globals.browser } },
  {
    files: ["examples/captions-*/**/*.{js,jsx}"],
    languageOptions: { globals: globals.browser, parserOptions: { ecmaFeatures: { jsx: true } } },
  },
  { files: ["examples/*-node/**/*.js", "examples/*.mjs"], languageOptions: { globals: globals.node } },
  // `any` in a published type is a promise to its user, not a slip.
  { files: ["**/*.d.ts"], rules: { "@typescript-eslint/no-explicit-any": "off" } },
  { files: ["**/*.cts"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  {
    files: ["**/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: globals.node },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
