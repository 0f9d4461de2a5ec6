/** Members of a TypeScript class, read with the compiler, for the compatibility table. */
import ts from "typescript";

const OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  skipLibCheck: true,
  types: [],
};

/**
 * Loads the exported types of a library.
 * @param {string} file a `.d.ts`
 */
export function library(file) {
  const program = ts.createProgram([file], OPTIONS);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const symbols = new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol]));

  /** Returns the type of an export. */
  const typeOf = (name) => checker.getDeclaredTypeOfSymbol(symbols.get(name));

  /** Returns public members, without symbols. */
  function members(type) {
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    return checker.getPropertiesOfType(checker.getNonNullableType(type)).filter(({ name, declarations }) => {
      const flags = declarations?.length > 0 ? ts.getCombinedModifierFlags(declarations[0]) : 0;
      return (flags & hidden) === 0 && !name.startsWith("__");
    });
  }

  /** Returns the type at a path such as `dashboard.content`; `undefined` if there is none. */
  function at(type, path) {
    let here = type;
    for (const name of path.split(".").filter(Boolean)) {
      const member = members(here).find((each) => each.name === name);
      if (member === undefined) return undefined;
      here = checker.getTypeOfSymbol(member);
    }
    return here;
  }

  return {
    typeOf,
    at,
    /** Returns the names at a path, each with a flag for `@internal`. */
    offered: (type, path) =>
      members(at(type, path)).map((symbol) => ({
        name: symbol.name,
        internal: symbol.getJsDocTags(checker).some((tag) => tag.name === "internal"),
      })),
    /** Returns the names of the classes. */
    classes: () =>
      [...symbols.values()].filter(({ flags }) => flags & ts.SymbolFlags.Class).map(({ name }) => name),
    /** Returns the values of a string enum. */
    values: (name) =>
      checker
        .getExportsOfModule(symbols.get(name))
        .map(
          (member) => checker.getTypeOfSymbol(member).value ?? checker.getDeclaredTypeOfSymbol(member).value,
        ),
    /** Returns the names in an interface that is not exported. */
    named(source, name) {
      const found = program.getSourceFiles().find(({ fileName }) => fileName.endsWith(source));
      const statement = found.statements.find((each) => each.name?.text === name);
      return statement.members.map((member) => member.name.text);
    },
  };
}
