# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(aws_profiles DEPS client)
