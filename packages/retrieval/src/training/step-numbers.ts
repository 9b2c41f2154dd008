import type { HostTensor, HostTree } from '@uniecs/compile';
import type { LossReport, StepReport } from './train-step.js';

/** What a step reports, as numbers. */
export interface StepNumbers {
  readonly loss: number;
  readonly terms: Float32Array;
  readonly lambdas: Float32Array;
  readonly gradientNorms: Float32Array;
  readonly maskedNegatives: Float32Array;
  readonly rowSums: Float32Array;
  /** NaN where the step ended before the encoders' backward pass. */
  readonly gradientNorm: number;
  /** Whether the step was taken: false where a loss or gradient is not finite, and the state is as it was. */
  readonly taken: boolean;
}

/** The numbers of a step's report, or of what was known when it ended before the backward pass. */
export function stepNumbers(report: HostTree<LossReport> | HostTree<StepReport>): StepNumbers {
  const { loss, terms, lambdas, gradientNorms, maskedNegatives, rowSums } = report;
  const array = ({ data }: HostTensor) => Float32Array.from(data);
  const gradientNorm = 'gradientNorm' in report ? (report.gradientNorm.data[0] as number) : Number.NaN;
  return {
    loss: loss.data[0] as number,
    terms: array(terms),
    lambdas: array(lambdas),
    gradientNorms: array(gradientNorms),
    maskedNegatives: array(maskedNegatives),
    rowSums: array(rowSums),
    gradientNorm,
    taken: 'gradientNorm' in report && isFiniteStep(report),
  };
}

/** Whether all losses and gradients that a report has are numbers. */
export function isFiniteStep(report: HostTree<LossReport> | HostTree<StepReport>): boolean {
  const { loss, terms, gradientNorms } = report;
  const norm = 'gradientNorm' in report ? [report.gradientNorm] : [];
  return [loss, terms, gradientNorms, ...norm].every(({ data }) => data.every(Number.isFinite));
}
