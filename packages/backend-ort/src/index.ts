// unnoise on ONNX Runtime. Nothing here imports a runtime: the caller brings onnxruntime-node or onnxruntime-web.
