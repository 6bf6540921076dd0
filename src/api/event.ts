/** Something worth an Event on a resource. */
export interface Happening {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}
