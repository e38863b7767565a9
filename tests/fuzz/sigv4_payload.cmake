# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(sigv4_payload DEPS sigv4)
