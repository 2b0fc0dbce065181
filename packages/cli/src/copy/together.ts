/** Like Promise.all, but settles only when all have: what was opened meanwhile is known before the first error is thrown. */
export async function together<T extends readonly unknown[] | []>(
  tasks: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(tasks);
  return await Promise.all(tasks);
}
