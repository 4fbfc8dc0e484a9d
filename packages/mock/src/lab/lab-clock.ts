import type { Clock } from "../state/state.ts";

/** A clock that can be set, moved on and made to run faster, slower or not at all. */
export interface LabClock extends Clock {
  /** Jumps to this time and goes on from there. */
  set(time: Date): void;
  /** Jumps by this many seconds, back when negative. */
  advance(seconds: number): void;
  /** Mock seconds in each real second: 1 is normal, 0 stands still. */
  setRate(rate: number): void;
  readonly rate: number;
  /** How far the clock is ahead of the real one, in seconds. */
  readonly offsetSeconds: number;
  /** Back to the real time. */
  reset(): void;
}

/**
 * A movable clock on top of another one.
 *
 * @param base the real time
 */
export function createLabClock(base: Clock): LabClock {
  let rate = 1;
  // At the base time `since` this clock showed `shown`; it has run at `rate` from there.
  let since = 0;
  let shown = 0;
  let moved = false;
  const read = (): number => {
    const real = base.now().getTime();
    return moved ? shown + (real - since) * rate : real;
  };
  const jump = (time: number): void => {
    since = base.now().getTime();
    shown = time;
    moved = true;
  };
  return {
    now: () => new Date(read()),
    set: (time) => {
      jump(time.getTime());
    },
    advance: (seconds) => {
      jump(read() + seconds * 1000);
    },
    setRate: (newRate) => {
      jump(read());
      rate = newRate;
    },
    get rate() {
      return rate;
    },
    get offsetSeconds() {
      return (read() - base.now().getTime()) / 1000;
    },
    reset: () => {
      moved = false;
      rate = 1;
    },
  };
}
