/**
 * The first machine of a list as SLURM writes it: `node[03-05,09]-ib,login` starts with `node03-ib`.
 * @returns undefined for an empty list
 */
export function firstNode(list: string): string | undefined {
  // Commas inside of brackets separate numbers, not machines.
  const [first = ''] = list.split(/,(?![^[]*\])/)
  const name = first.replace(/\[([^\],-]+)[^\]]*\]/g, '$1').trim()
  return name === '' ? undefined : name
}
