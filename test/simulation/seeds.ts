/**
 * Seeds that found a fault, and what it was. What a seed gives changes with the code: the fault has
 * a test of its own too.
 */
export const SEEDS: Readonly<Record<number, string>> = {
  15: 'a submit that failed was told by the failure of clearing up after it, without a code',
  121: 'a store that failed while a child was started failed its parent',
  2394: 'a process was not there for whoever was given it by its key, since its client had failed right after the claim',
  2444: 'a journal that could not be opened kept hosts from opening',
  75: 'a process was lost whose host took it back while it was taken from it by force',
  228: 'a line counted that a host wrote while its journal was copied by force',
  800: 'a line counted that was on its way to the disk while its host was robbed and took the process back',
  62: 'a follower was told of an end that a robbed host had written to a file that no longer counts',
  20126: 'a host that was robbed while it put a draft in the place of a journal made a second journal',
  20577: 'a host that was robbed while it copied a journal it had adopted made a second journal',
  20959: 'an event was applied twice: the line of a host that was being robbed came into the copy',
  21032: 'a process was acknowledged whose key was not its own: it could neither claim it nor remove itself',
  27091: 'an answer was told to be taken that no journal has: its process had ended elsewhere',
  89: 'whoever began to follow a process that was just being copied was told of an end that is not in the copy',
  51604: 'a parent failed since its child was taken away while it was created',
  41793:
    'the end of a process was lost with the power though its journal was with the ended ones: its host had died before it was safe',
  32782: 'a host acknowledged a process that had been taken from it before its first line was there',
  30612: 'a follower was told of an end that was not safe yet, and was then cut off',
  509: 'a submission was acknowledged that a host had removed as the half of one',
}
