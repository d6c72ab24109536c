import { describe as suite, expect, it } from 'vitest';
import { describe, logAddExp, type Tensor, tensor, where } from '../../src/tensor/index.ts';

suite('an expression as text', () => {
  const sample = tensor(new Float32Array(2), [2]);
  const modelOutput = tensor(new Float32Array(2), [2]);
  const names = new Map<Tensor, string>([
    [sample, 'sample'],
    [modelOutput, 'modelOutput'],
  ]);

  it('prints folded coefficients', () => {
    const x0 = sample.sub(modelOutput.mul(0.25)).div(0.5);
    expect(describe(x0, names)).toBe('2*sample - 0.5*modelOutput');
    expect(describe(x0.mul(0.5).sub(sample.mul(3)).add(1), names)).toBe('-2*sample - 0.25*modelOutput + 1');
    expect(describe(sample.neg().sub(1), names)).toBe('-sample - 1');
    expect(describe(sample.mul(1 / 3), names)).toBe('0.333333*sample');
  });

  it('prints other operations as functions, with parentheses where they are needed', () => {
    const x0 = sample.sub(modelOutput).clamp(-1, 1);
    expect(describe(x0.mul(0.5).add(sample), names)).toBe('0.5*clamp(sample - modelOutput, -1, 1) + sample');
    expect(describe(sample.add(1).mul(modelOutput), names)).toBe('(sample + 1)*modelOutput');
    expect(describe(sample.mul(modelOutput).mul(2).div(sample.mul(modelOutput)), names)).toBe(
      '(2*(sample*modelOutput))/(sample*modelOutput)',
    );
    expect(describe(where(sample.eq(0), 1, modelOutput), names)).toBe('where(eq(sample, 0), 1, modelOutput)');
    expect(describe(sample.reshape([1, 2]).sum(1).cast('int32'), names)).toBe(
      'cast(sum(view(sample, [1, 2]), 1), int32)',
    );
  });

  it('defines once what occurs twice', () => {
    const root = sample.mul(modelOutput).sqrt();
    expect(describe(root.mul(root.exp()), names)).toBe('t1 = sqrt(sample*modelOutput)\nt1*exp(t1)');
  });

  it('stays small for graphs whose parts are shared many times', () => {
    let x: Tensor = sample;
    for (let i = 0; i < 40; i++) x = logAddExp(x, x.exp());
    expect(describe(x, names).length).toBeLessThan(20_000);
  });

  it('names what has no name by its dtype and shape', () => {
    expect(describe(tensor([1, 2], [2, 1]).exp())).toBe('exp(float32[2, 1])');
  });
});
