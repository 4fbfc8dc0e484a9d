import type { Clock } from "../state/state.ts";

/** A clock that the lab can set, move, stop, and run faster or slower. */
export interface LabClock extends Clock {
  /** Jumps to this time and goes on from there. */
  set(time: Date): void;
  /** Jumps by this many seconds. A negative number jumps back. */
  advance(seconds: number): void;
  /** Mock seconds in each real second: 1 is normal, 0 stands still. */
  setRate(rate: number): void;
  readonly rate: number;
  /** How far the clock is ahead of the real one, in seconds. */
  readonly offsetSeconds: number;
  /** Returns to the real time. */
  reset(): void;
}

/**
 * Makes a clock that can be moved, from one that shows the real time.
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
