/** Stand-in types of the packages that are compared, which are installed for a run only. */
declare const peer: any;
export default peer;
export const ConstantBackoff: any;
export const ReconnectingWebSocket: any;
export const TpaSession: any;
export const WebsocketBuilder: any;
export const WebsocketEvent: any;
