// SPDX-License-Identifier: Apache-2.0
#include "access/managed_policies.hpp"

#include <array>

namespace otabahn::access {
namespace {

constexpr std::array rows{
    ManagedPolicy{
        "arn:aws:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate", "AmazonFreeRTOSOTAUpdate", "/service-role/",
        "ANPAFREERTOSOTAUPDATE", "v3", "Allows user to access Amazon FreeRTOS OTA Update",
        R"({"Version":"2012-10-17","Statement":[)"
        R"({"Effect":"Allow","Action":["s3:GetObjectVersion","s3:PutObject","s3:GetObject"],"Resource":"arn:aws:s3:::afr-ota*"},)"
        R"({"Effect":"Allow","Action":["signer:StartSigningJob","signer:DescribeSigningJob","signer:GetSigningProfile","signer:PutSigningProfile"],"Resource":"*"},)"
        R"({"Effect":"Allow","Action":["s3:ListBucketVersions","s3:ListBucket","s3:ListAllMyBuckets","s3:GetBucketLocation"],"Resource":"*"},)"
        R"({"Effect":"Allow","Action":["iot:DeleteJob","iot:DescribeJob"],"Resource":"arn:aws:iot:*:*:job/AFR_OTA*"},)"
        R"({"Effect":"Allow","Action":["iot:DeleteStream"],"Resource":"arn:aws:iot:*:*:stream/AFR_OTA*"},)"
        R"({"Effect":"Allow","Action":["iot:CreateStream","iot:CreateJob"],"Resource":"*"}]})"},
    // Its Statement is one object, not a list: so it is at AWS.
    ManagedPolicy{
        "arn:aws:iam::aws:policy/service-role/AWSIoTOTAUpdate", "AWSIoTOTAUpdate", "/service-role/", "ANPAIOTOTAUPDATEAAAAA", "v1",
        "Allows access to create AWS IoT Job and describe AWS code signer job",
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iot:CreateJob","signer:DescribeSigningJob"],"Resource":"*"}})"},
};

}  // namespace

std::span<const ManagedPolicy> managed_policies() { return rows; }

const ManagedPolicy* find_managed_policy(std::string_view arn) {
    for (const ManagedPolicy& row : rows)
        if (row.arn == arn) return &row;
    return nullptr;
}

}  // namespace otabahn::access
