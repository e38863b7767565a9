# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(stream_request DEPS encoding otawire)
