import {
  type Disposable,
  EventEmitter,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  type TreeView,
  window,
} from "vscode";
import type { ImageInfo } from "../../bridge/sidecar/types";
import { size } from "../../bridge/sidecar/words";
import type { EngineHost } from "../engine-host";

/** A row; commands take `image` from it. */
export interface ImageNode {
  readonly image: string;
  readonly info: ImageInfo;
}

/** The images that the engine keeps, with their sizes. */
export class ImagesTree implements TreeDataProvider<ImageNode>, Disposable {
  readonly #host: EngineHost;
  readonly #changed = new EventEmitter<undefined>();
  readonly #view: TreeView<ImageNode>;
  readonly #disposables: Disposable[] = [this.#changed];

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(host: EngineHost) {
    this.#host = host;
    this.#view = window.createTreeView("zlayer.images", { treeDataProvider: this });
    this.#disposables.push(
      this.#view,
      host.onDidChangeState((change) => change.kind !== "deployment" && this.#changed.fire(undefined)),
      host.onDidChangeStatus((status) => status.kind !== "connecting" && this.#changed.fire(undefined)),
    );
  }

  getTreeItem(node: ImageNode): TreeItem {
    const { image, info } = node;
    const item = new TreeItem(image);
    item.id = image;
    item.iconPath = new ThemeIcon("package");
    item.contextValue = "image";
    item.description = info.size_bytes == null ? "" : size(info.size_bytes);
    item.tooltip = [image, info.digest, item.description].filter(Boolean).join("\n");
    item.accessibilityInformation = { label: `Image ${image}, ${item.description}` };
    return item;
  }

  async getChildren(node?: ImageNode): Promise<ImageNode[]> {
    const { status } = this.#host;
    if (node !== undefined || status.kind !== "connected") {
      return [];
    }
    const images = await status.client.images();
    return images
      .sort((a, b) => a.reference.localeCompare(b.reference))
      .map((info) => ({ image: info.reference, info }));
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }
}
