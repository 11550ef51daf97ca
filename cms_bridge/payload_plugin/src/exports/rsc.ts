/** Components that run on the server, for Payload's import map. */
export { DecisionCell, RenditionCell, StatusCell } from '../admin/shared/cells.tsx'
