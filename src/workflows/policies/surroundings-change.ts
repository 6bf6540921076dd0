interface Surrounded {
  surroundings?: string;
}

/** What blocks something has changed since it was last seen. The first sight of it tells nothing. */
export const haveSurroundingsChanged = (before: Surrounded, now: Surrounded): boolean =>
  before.surroundings !== undefined &&
  now.surroundings !== undefined &&
  before.surroundings !== now.surroundings;
