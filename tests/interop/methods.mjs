/** The public methods of a Node client, as its own type declarations have them. */
import fs from 'node:fs';

const [name] = process.argv.slice(2);
const declared = fs.readFileSync(`node_modules/${name}/dist/index.d.ts`, 'utf8');
const body = declared.slice(declared.indexOf('export declare class Nango'));
const found = [...body.matchAll(/^    ([a-zA-Z]+)(?:<[^\n]*?>)?\(/gm)].map((one) => one[1]);
console.log(JSON.stringify([...new Set(found)].filter((one) => one !== 'constructor')));
