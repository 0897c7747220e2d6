/**
 * The unchanged Node client, in whichever version is named, driven line by line.
 *
 * A line of standard input is {method, args, props?}; the line answered to it is {value} or
 * {error: {message, status, data}}. `{"undefined": true}` stands for an argument left out.
 */
import readline from 'node:readline';

const given = JSON.parse(process.argv[2]);
const { Nango } = await import(process.argv[3]);

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { method, args, props } = JSON.parse(line);
  console.log(JSON.stringify(await answer(new Nango({ ...given, ...props }), method, args)));
}

async function answer(nango, method, args) {
  try {
    return { value: plain(await nango[method](...args.map((one) => (one?.undefined ? undefined : one)))) };
  } catch (error) {
    const { status, data } = error.response ?? {};
    return { error: { message: error.message, status, data } };
  }
}

/** Some methods answer axios' whole response, with the connection in it. */
function plain(value) {
  if (!value?.config || !value.headers) return value;
  const { status, data, headers } = value;
  return { status, data, headers };
}
