// The program that `runReader` starts: `inspect URL SIZE FILENAME` prints what it found as JSON,
// `thumbnail URL MIME` prints a JPEG. What goes wrong is one line of JSON on standard error.
const [command, ...args] = process.argv.slice(2)

void args
throw new Error(`unknown command ${command}`)
