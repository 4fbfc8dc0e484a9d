// Loaded with --require: the clock of the process is wrong by CLOCK_SHIFT_SECONDS.
"use strict";
const shiftMs = Number(process.env.CLOCK_SHIFT_SECONDS) * 1000;
const RightDate = Date;

globalThis.Date = class extends RightDate {
  constructor(...words) {
    super(...(words.length === 0 ? [RightDate.now() + shiftMs] : words));
  }

  static now() {
    return RightDate.now() + shiftMs;
  }
};
