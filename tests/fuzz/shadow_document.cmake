# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(shadow_document DEPS shadow)
