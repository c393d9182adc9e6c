// Short names for the generated types, and the shapes of streams that the OpenAPI documents describe in words only.
import type { components as SidecarComponents } from "../../protocol/sidecar.generated";
import type { components as ZLayerComponents } from "../../protocol/zlayer.generated";

type Sidecar = SidecarComponents["schemas"];
type ZLayer = ZLayerComponents["schemas"];

export type SidecarInfo = Sidecar["SidecarInfo"];
export type Feature = Sidecar["Feature"];
export type Limitation = Sidecar["Limitation"];
export type StatusLine = Sidecar["StatusLine"];
export type DeploymentState = Sidecar["DeploymentState"];
export type ServiceState = Sidecar["ServiceState"];
export type ReplicaState = Sidecar["ReplicaState"];
export type Phase = Sidecar["Phase"];
export type Health = Sidecar["Health"];
export type Reason = Sidecar["Reason"];
export type Progress = Sidecar["Progress"];
export type ContainerMetrics = Sidecar["ContainerMetrics"];
export type MetricsSample = Sidecar["MetricsSample"];
export type TtyControl = Sidecar["TtyControl"];

export type DeploymentSummary = ZLayer["DeploymentSummary"];
export type DeploymentDetails = ZLayer["DeploymentDetails"];
export type StoredDeployment = ZLayer["StoredDeployment"];
export type ServiceSummary = ZLayer["ServiceSummary"];
export type ServiceDetails = ZLayer["ServiceDetails"];
export type ContainerInfo = ZLayer["ContainerInfo"];
export type ExecResult = ZLayer["ContainerExecResponse"];
export type ImageInfo = ZLayer["ImageInfoDto"];
export type NodeSummary = ZLayer["NodeSummary"];
export type ClusterNode = ZLayer["ClusterNodeSummary"];
export type SecretMetadata = ZLayer["SecretMetadataResponse"];
export type PruneResult = ZLayer["PruneResultDto"];
export type DaemonEvent = ZLayer["DaemonEvent"];
export type HealthResponse = ZLayer["HealthResponse"];

/** One line of `GET /api/v1/containers/{id}/logs`: a piece of output, usually one line with its end. */
export interface LogChunk {
  readonly stream: "stdout" | "stderr";
  /** RFC 3339; absent from an engine that keeps none. */
  readonly timestamp?: string | null;
  /** UTF-8 text; absent when the bytes are not UTF-8. */
  readonly data?: string | null;
  /** The bytes in base64, instead of `data`. */
  readonly data_b64?: string | null;
}

/** One line of `POST /api/v1/images/pull?stream=true`. */
export interface PullLine {
  readonly kind: "status" | "done";
  /** Status: layer or blob id. */
  readonly id?: string | null;
  /** Status: "Downloading", "Pull complete", … */
  readonly status?: string;
  /** Status: bytes so far. */
  readonly current?: number | null;
  /** Status: bytes in all, when known. */
  readonly total?: number | null;
  /** Done: what was pulled. */
  readonly reference?: string;
  readonly digest?: string | null;
}
