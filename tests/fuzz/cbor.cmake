# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(cbor DEPS encoding)
