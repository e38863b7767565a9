# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(objects DEPS objects)
