/**
 * Writes the JSON schemas of `Answers` in answers.ts, as the TypeScript compiler understands it.
 *
 * A property that may be undefined may be absent, a Date arrives as a string, and further
 * properties are allowed, as TypeScript allows them.
 */
import ts from 'typescript';

const { options, fileNames } = ts.parseJsonConfigFileContent(
  ts.readConfigFile('tsconfig.json', ts.sys.readFile).config, ts.sys, '.');
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();
const definitions = {};
const names = new Map();

const wrong = ts.getPreEmitDiagnostics(program);
if (wrong.length) throw new Error(ts.formatDiagnostics(wrong, {
  getCurrentDirectory: () => '.', getCanonicalFileName: (name) => name, getNewLine: () => '\n',
}));
const file = program.getSourceFile(fileNames[0]);
const answers = checker.getExportsOfModule(checker.getSymbolAtLocation(file))
  .find((one) => one.name === 'Answers');
const properties = fields(checker.getDeclaredTypeOfSymbol(answers)).properties;
console.log(JSON.stringify({ properties, definitions }));

function schema(type) {
  const is = (flags) => (type.flags & flags) !== 0;
  if (is(ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
  if (is(ts.TypeFlags.Never)) return { not: {} };
  if (is(ts.TypeFlags.Null)) return { type: 'null' };
  if (is(ts.TypeFlags.BooleanLiteral)) return { const: checker.typeToString(type) === 'true' };
  if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
  if (is(ts.TypeFlags.StringLike)) return { type: 'string' };
  if (is(ts.TypeFlags.NumberLike)) return { type: 'number' };
  if (type.isUnion()) return { anyOf: type.types.filter((one) => !undefinable(one)).map(schema) };
  if (is(ts.TypeFlags.NonPrimitive)) return { type: 'object' };
  if (!is(ts.TypeFlags.Object | ts.TypeFlags.Intersection)) {
    throw new Error(`no schema for ${checker.typeToString(type)}`);
  }
  return type.symbol?.name === 'Date' ? { type: 'string', format: 'date-time' } : reference(type);
}

/** Types may contain themselves: each object type is defined once, under a name of its own. */
function reference(type) {
  if (!names.has(type)) {
    const name = `${(type.aliasSymbol ?? type.symbol)?.name ?? 'type'}.${names.size}`;
    names.set(type, name);
    definitions[name] = checker.isArrayLikeType(type)
      ? { type: 'array', items: { anyOf: checker.getTypeArguments(type).map(schema) } }
      : fields(type);
  }
  return { $ref: `#/definitions/${names.get(type)}` };
}

function fields(type) {
  const properties = {};
  const required = [];
  for (const symbol of checker.getPropertiesOfType(type)) {
    const its = checker.getTypeOfSymbol(symbol);
    if (its.flags & ts.TypeFlags.Never) continue;
    properties[symbol.name] = schema(its);
    const members = its.isUnion() ? its.types : [its];
    const optional = symbol.flags & ts.SymbolFlags.Optional || members.some(undefinable);
    if (!optional) required.push(symbol.name);
  }
  const others = checker.getIndexTypeOfType(type, ts.IndexKind.String);
  return { type: 'object', properties, required, ...(others && { additionalProperties: schema(others) }) };
}

function undefinable(type) {
  return (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) !== 0;
}
