/**
 * What each call of the Node client answers, said in Nango's own published types.
 *
 * `schemas.mjs` makes every property a JSON schema; the tests hold Postroom's answers to them.
 */
import type {
  ApiError,
  AsyncActionResponse,
  DeletePublicConnection,
  GetPublicConnection,
  GetPublicConnections,
  GetPublicEnvironmentVariables,
  GetPublicIntegration,
  GetPublicListIntegrations,
  GetPublicProvider,
  GetPublicProviders,
  GetPublicRecords,
  GetPublicScriptsConfig,
  GetPublicSyncStatus,
  NangoAsyncActionWebhookBody,
  NangoAuthWebhookBody,
  NangoSyncWebhookBody,
  PatchPublicConnection,
  PatchPublicPruneRecords,
  PostConnectSessions,
  PostPublicConnectSessionsReconnect,
  PostPublicSyncPause,
  PostPublicSyncStart,
  PostPublicTrigger,
  PutPublicSyncConnectionFrequency,
  SetMetadata,
  UpdateMetadata,
  ValidationError,
} from '@nangohq/types';
import type { SyncStatusResponse } from '@nangohq/node';

export interface Answers {
  createConnectSession: PostConnectSessions['Success'];
  createReconnectSession: PostPublicConnectSessionsReconnect['Success'];
  listConnections: GetPublicConnections['Success'];
  getConnection: GetPublicConnection['Success'];
  patchConnection: PatchPublicConnection['Success'];
  deleteConnection: DeletePublicConnection['Success'];
  setMetadata: SetMetadata['Success'];
  updateMetadata: UpdateMetadata['Success'];
  listRecords: GetPublicRecords['Success'];
  pruneRecords: PatchPublicPruneRecords['Success'];
  triggerSync: PostPublicTrigger['Success'];
  startSync: PostPublicSyncStart['Success'];
  pauseSync: PostPublicSyncPause['Success'];
  syncStatus: GetPublicSyncStatus['Success'];
  /** The same, by the client's own types. */
  syncStatusOfClient: SyncStatusResponse;
  updateSyncConnectionFrequency: PutPublicSyncConnectionFrequency['Success'];
  triggerActionAsync: AsyncActionResponse;
  getIntegration: GetPublicIntegration['Success'];
  integrations: GetPublicListIntegrations['Success'];
  getProvider: GetPublicProvider['Success'];
  listProviders: GetPublicProviders['Success'];
  getEnvironmentVariables: GetPublicEnvironmentVariables['Success'];
  getScriptsConfig: GetPublicScriptsConfig['Success'];
  authWebhook: NangoAuthWebhookBody;
  syncWebhook: NangoSyncWebhookBody;
  asyncActionWebhook: NangoAsyncActionWebhookBody;
  refusal: ApiError<string, ValidationError[] | undefined>;
}
