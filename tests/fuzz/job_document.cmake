# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(job_document DEPS encoding otawire)
