import { CommanderError } from 'commander';
import { type Actions, createProgram } from './program.js';
import type { Io } from './terminal/io.js';
import { asksForLines, writeLine } from './terminal/json-lines.js';

/**
 * Runs a command line, without the name of the program, and returns its exit code: 0 done, 1 failed, 2 bad usage or input, 130
 * interrupted (143 by SIGTERM, 129 by SIGHUP). Nothing is thrown; what went wrong stands on standard error, as a line of JSON where the command line
 * asks for such.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const asLines = asksForLines(argv);
  let code = 0;
  const finish = async (result: Promise<number>) => {
    code = await result;
  };
  // Each command loads what it needs when it is called: help is quick.
  const actions: Actions = {
    train: async (flags) => finish((await import('./commands/train.js')).runTrain(flags, io)),
    ablate: async (flags) => finish((await import('./commands/ablate.js')).runAblate(flags, io)),
    beyondText: async (flags) => finish((await import('./commands/beyond-text.js')).runBeyondText(flags, io)),
    reproduce: async (what, flags) => finish((await import('./commands/reproduce.js')).runReproduce(what, flags, io)),
    importModel: async (flags) => finish((await import('./commands/import-model.js')).runImport(flags, io)),
    evaluate: async (flags) => finish((await import('./commands/evaluate.js')).runEvaluate(flags, io)),
    evaluateRun: async (flags) => finish((await import('./commands/evaluate-run.js')).evaluateRun(flags, io)),
    evaluateStyles: async (flags) => finish((await import('./commands/evaluate-styles.js')).evaluateStyles(flags, io)),
    mine: async (flags) => finish((await import('./commands/mine.js')).runMine(flags, io)),
    embed: async (flags) => finish((await import('./commands/embed.js')).runEmbed(flags, io)),
    export: async (flags) => finish((await import('./commands/export.js')).runExport(flags, io)),
    buildIndex: async (flags) => finish((await import('./commands/build-index.js')).runBuildIndex(flags, io)),
    search: async (flags) => finish((await import('./commands/search.js')).runSearch(flags, io)),
    generateData: async (flags) => finish((await import('./commands/generate-data.js')).runGenerateData(flags, io)),
    validateData: async (file, flags) =>
      finish((await import('./commands/validate-data.js')).runValidateData(file, flags, io)),
    reportData: async (files, flags) =>
      finish((await import('./commands/report-data.js')).runReportData(files, flags, io)),
    verifyData: async (files, flags) =>
      finish((await import('./commands/verify-data.js')).runVerifyData(files, flags, io)),
    buildData: async (flags) => finish((await import('./commands/build-data.js')).runBuildData(flags, io)),
    shardData: async (flags) => finish((await import('./commands/shard-data.js')).runShardData(flags, io)),
    doctor: async ({ device }) => finish((await import('./commands/doctor.js')).runDoctor(io, device)),
  };
  const program = createProgram(actions, {
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void (asLines || io.stderr.write(text)),
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // The command line has said itself what is wrong with it; help and version that were asked for are no error.
    const asked = ['commander.helpDisplayed', 'commander.version'];
    if (error instanceof CommanderError) {
      if (asked.includes(error.code)) return 0;
      const message = error.message.replace(/^error: /, '');
      if (asLines) writeLine(io.stderr, { type: 'error', code: 'argument', message, exitCode: 2 });
      return 2;
    }
    const verbose = program.opts().verbose === true || Boolean(process.env.DEBUG);
    return (await import('./report-error.js')).reportError(error, io, verbose, asLines);
  }
}
