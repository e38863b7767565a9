# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(websocket DEPS websocket)
