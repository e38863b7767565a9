# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(api_xml DEPS awsapi)
