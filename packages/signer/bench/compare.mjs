// Runs several ways in turns and compares them with the first one.
const WARM_UP_ROUNDS = 2;

/**
 * @param ways What to run, by name; the first is the yardstick.
 * @param rounds How often each is run.
 * @returns For each name the median in milliseconds, and a function that gives the ratio to another name: the median of the
 *   ratios of each round, since machines do not go at one speed all the time.
 */
export async function compare(ways, rounds) {
  const times = new Map(Object.keys(ways).map((name) => [name, []]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(ways)) {
      const began = process.hrtime.bigint();
      await run();
      if (round >= 0) times.get(name).push(Number(process.hrtime.bigint() - began) / 1e6);
    }
  }
  return new Map(
    [...times].map(([name, values]) => [
      name,
      {
        milliseconds: median(values),
        ratioTo: (other) => median(values.map((value, round) => value / times.get(other)[round])),
      },
    ]),
  );
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
