# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(base64 DEPS encoding)
