# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(stream_answer DEPS encoding otawire)
