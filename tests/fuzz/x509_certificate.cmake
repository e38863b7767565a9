# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(x509_certificate DEPS x509)
