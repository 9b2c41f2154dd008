/** Numbers of the picture's points: x and y of each. */
const plane = 2;

/**
 * The gradient of t-SNE's divergence in the plane, `dC/dy_i = 4 sum_j (p_ij - q_ij) w_ij (y_i - y_j)` with `w_ij = 1 / (1 + |y_i - y_j|^2)`
 * and `q_ij = w_ij / sum of all w`; `O(N^2)` time, no memory beside the result.
 *
 * @param joint p_ij for i < j, as `affinities` orders them
 * @param places `[N, 2]`
 * @param exaggeration factor of all p_ij; 1 for the gradient itself
 * @param gradient `[N, 2]`, written over
 */
export function tsneGradient(
  joint: Float64Array,
  places: Float64Array,
  exaggeration: number,
  gradient: Float64Array,
): void {
  const n = places.length / plane;
  const repulsion = new Float64Array(places.length);
  gradient.fill(0);
  let total = 0;
  let pair = 0;
  for (let i = 0; i < n; i++) {
    const [x, y] = [places[2 * i] as number, places[2 * i + 1] as number];
    let [pullX, pullY, pushX, pushY] = [0, 0, 0, 0];
    for (let j = i + 1; j < n; j++) {
      const dx = x - (places[2 * j] as number);
      const dy = y - (places[2 * j + 1] as number);
      const weight = 1 / (1 + dx * dx + dy * dy);
      total += weight;
      const pull = exaggeration * (joint[pair++] as number) * weight;
      const push = weight * weight;
      pullX += pull * dx;
      pullY += pull * dy;
      pushX += push * dx;
      pushY += push * dy;
      (gradient[2 * j] as number) -= pull * dx;
      (gradient[2 * j + 1] as number) -= pull * dy;
      (repulsion[2 * j] as number) -= push * dx;
      (repulsion[2 * j + 1] as number) -= push * dy;
    }
    (gradient[2 * i] as number) += pullX;
    (gradient[2 * i + 1] as number) += pullY;
    (repulsion[2 * i] as number) += pushX;
    (repulsion[2 * i + 1] as number) += pushY;
  }
  // Every pair was met once, the sum is over both of its orders.
  const share = 1 / (2 * total);
  for (let k = 0; k < gradient.length; k++) {
    gradient[k] = 4 * ((gradient[k] as number) - share * (repulsion[k] as number));
  }
}
