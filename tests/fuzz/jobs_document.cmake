# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(jobs_document DEPS jobs)
