import { basename } from "node:path";

import globals from "globals";
import tseslint from "typescript-eslint";

const JS = "**/*.{js,mjs,cjs}";

/** Rule for the names of files: kebab-case, with extensions such as `.test.mjs`. */
const kebabCase = {
  create: (context) => ({
    Program(node) {
      const name = basename(context.filename);
      if (/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)+$/.test(name)) return;
      context.report({ node, message: `file name must be kebab-case, not "${name}"` });
    },
  }),
};

export default tseslint.config(
  { ignores: ["target/", "pkg/", "pkg-cloud/", "**/results/"] },
  // Includes the recommended rules of eslint.
  ...tseslint.configs.recommended,
  {
    files: [JS, "**/*.{ts,jsx}"],
    plugins: { files: { rules: { "kebab-case": kebabCase } } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "files/kebab-case": "error",
      "max-lines": ["error", 450],
      "max-lines-per-function": ["error", 80],
      "no-var": "error",
      "prefer-const": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
    },
  },
  // Undefined names are errors. The package runs in browsers and in Node, so it
  // gets only the globals of both.
  {
    files: [JS],
    rules: { "no-undef": "error" },
    languageOptions: { globals: globals["shared-node-browser"] },
  },
  // Not in all browsers and runtimes; code checks with `typeof` first.
  { files: ["src/web/js/**"], languageOptions: { globals: { reportError: "readonly" } } },
  {
    files: [
      "tests/**/*.{js,mjs}",
      "bench/**/*.{js,mjs}",
      "pkg-template/build/*.mjs",
      "cloud/npm/build/*.mjs",
      "site/*.mjs",
    ],
    languageOptions: { globals: globals.node },
  },
  // Bundled into CommonJS.
  {
    files: ["pkg-template/src/{entries,platform}/node*.js"],
    languageOptions: { globals: globals.node },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    files: [
      "cloud/npm/js/{cli,server}/*.js",
      "cloud/npm/js/entries/cli.js",
      "cloud/npm/js/**/*node*.js",
      "cloud/npm/js/testing/leaks.js",
    ],
    languageOptions: { globals: globals.node },
  },
  // Functions that end-to-end tests evaluate in a page use its globals.
  {
    files: [
      "tests/e2e/**",
      "tests/site/**",
      "tests/network/clients/{page,online}.mjs",
      "bench/cycles/page.mjs",
      "bench/page/**",
      "bench/measures/{load,followers}.mjs",
    ],
    languageOptions: { globals: globals.browser },
  },
  // Fixtures run in pages, in workers and in Node.
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
  // `any` in a published type is intended, and so is an interface that apps add to.
  {
    files: ["**/*.d.ts"],
    rules: { "@typescript-eslint/no-explicit-any": "off", "@typescript-eslint/no-empty-object-type": "off" },
  },
  { files: ["**/*.cts"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  {
    files: ["**/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: globals.node },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
