/** Components that run on the server, for Payload's import map. */
export { EventCell } from '../admin/delivery/EventCell.tsx'
export { RenditionCell } from '../admin/rendition/RenditionCell.tsx'
export { DecisionCell } from '../admin/storyboard/DecisionCell.tsx'
export { StatusCell } from '../admin/video/StatusCell.tsx'
export { PreviewPage } from '../admin/preview/PreviewPage.tsx'
