// SPDX-License-Identifier: Apache-2.0
#include "awsapi/route.hpp"

#include <gtest/gtest.h>

namespace otabahn::awsapi {
namespace {

Request ask(std::string method, std::string_view target, Headers headers = {}) {
    Request request;
    request.method = std::move(method);
    set_target(request, target);
    request.headers = std::move(headers);
    return request;
}
std::string routed(std::string_view service, const Request& request) {
    const auto route = find_route(*find_service(service), request);
    return route ? std::string(route->operation->name) : std::to_string(route.error().status) + " " + route.error().code;
}
std::string routed(std::string_view service, std::string method, std::string_view target, Headers headers = {}) {
    return routed(service, ask(std::move(method), target, std::move(headers)));
}
std::string label(std::string_view service, const Request& request, std::string_view name) {
    const auto route = find_route(*find_service(service), request);
    if (route)
        for (const auto& [key, value] : route->labels)
            if (key == name) return value;
    return "(none)";
}

TEST(Route, S3OperationsThatShareAPathAreToldApartByQueryAndHeaders) {
    const Headers copy{{"x-amz-copy-source", "/b/k"}};
    EXPECT_EQ(routed("s3", "PUT", "/b/k"), "PutObject");
    EXPECT_EQ(routed("s3", "PUT", "/b/k", copy), "CopyObject");
    EXPECT_EQ(routed("s3", "PUT", "/b/k?partNumber=1&uploadId=u"), "UploadPart");
    EXPECT_EQ(routed("s3", "PUT", "/b/k?partNumber=1&uploadId=u", copy), "UploadPartCopy");
    EXPECT_EQ(routed("s3", "PUT", "/b/k?tagging"), "PutObjectTagging");
    EXPECT_EQ(routed("s3", "PUT", "/b"), "CreateBucket");
    EXPECT_EQ(routed("s3", "PUT", "/b?versioning"), "PutBucketVersioning");
    EXPECT_EQ(routed("s3", "POST", "/b/k?uploads"), "CreateMultipartUpload");
    EXPECT_EQ(routed("s3", "POST", "/b/k?uploads="), "CreateMultipartUpload");
    EXPECT_EQ(routed("s3", "POST", "/b/k?uploadId=u"), "CompleteMultipartUpload");
    EXPECT_EQ(routed("s3", "POST", "/b?delete"), "DeleteObjects");
    EXPECT_EQ(routed("s3", "DELETE", "/b/k"), "DeleteObject");
    EXPECT_EQ(routed("s3", "DELETE", "/b/k?versionId=v"), "DeleteObject");
    EXPECT_EQ(routed("s3", "DELETE", "/b/k?uploadId=u"), "AbortMultipartUpload");
    EXPECT_EQ(routed("s3", "GET", "/"), "ListBuckets");
    EXPECT_EQ(routed("s3", "GET", "/b"), "ListObjects");
    EXPECT_EQ(routed("s3", "GET", "/b?list-type=2&prefix=p"), "ListObjectsV2");
    EXPECT_EQ(routed("s3", "GET", "/b?versions&encoding-type=url"), "ListObjectVersions");
    EXPECT_EQ(routed("s3", "GET", "/b?uploads"), "ListMultipartUploads");
    EXPECT_EQ(routed("s3", "GET", "/b?location"), "GetBucketLocation");
    EXPECT_EQ(routed("s3", "GET", "/b/k"), "GetObject");
    EXPECT_EQ(routed("s3", "GET", "/b/k?x-id=GetObject"), "GetObject");
    EXPECT_EQ(routed("s3", "GET", "/b/k?uploadId=u"), "ListParts");
    EXPECT_EQ(routed("s3", "GET", "/b/k?attributes", Headers{{"x-amz-object-attributes", "ETag"}}), "GetObjectAttributes");
    EXPECT_EQ(routed("s3", "HEAD", "/b"), "HeadBucket");
    EXPECT_EQ(routed("s3", "HEAD", "/b/k"), "HeadObject");
}

TEST(Route, APartOfWhichTheNumberIsMissingIsNotTakenForAWholeObject) { EXPECT_EQ(routed("s3", "PUT", "/b/k?uploadId=u"), "UploadPart"); }

TEST(Route, AnOperationOfTheProductBeatsItsOldFormOutsideTheScope) {
    EXPECT_EQ(routed("s3", "GET", "/b?lifecycle"), "GetBucketLifecycleConfiguration");
    EXPECT_EQ(routed("s3", "GET", "/b?notification"), "GetBucketNotificationConfiguration");
}

TEST(Route, OperationsOutsideTheScopeAreFoundSoThatTheyCanBeNamed) {
    EXPECT_EQ(routed("s3", "GET", "/b?website"), "GetBucketWebsite");
    EXPECT_EQ(routed("s3", "PUT", "/b/k?legal-hold"), "PutObjectLegalHold");
    EXPECT_EQ(routed("iot", "GET", "/authorizers/"), "ListAuthorizers");
}

TEST(Route, KeysAreWhatFollowsTheBucketDecodedOnce) {
    EXPECT_EQ(label("s3", ask("GET", "/b/a/b%2Fc+d%252F"), "Key"), "a/b/c+d%2F");
    EXPECT_EQ(label("s3", ask("GET", "/b//lead"), "Key"), "/lead");
    EXPECT_EQ(label("s3", ask("GET", "/b/dir/"), "Key"), "dir/");
    EXPECT_EQ(label("s3", ask("GET", "/b/k"), "Bucket"), "b");
    EXPECT_EQ(routed("s3", "GET", "/b/"), "ListObjects");
    EXPECT_EQ(routed("s3", "PUT", "/b/"), "CreateBucket");
}

TEST(Route, LabelsAreSplitAtRawSlashesAndDecodedAfterwards) {
    const auto attach = ask("POST", "/tags/arn%3Aaws%3Asigner%3Aus-east-1%3A1%3A%2Fsigning-profiles%2FotaSign");
    EXPECT_EQ(routed("signer", attach), "TagResource");
    EXPECT_EQ(label("signer", attach, "resourceArn"), "arn:aws:signer:us-east-1:1:/signing-profiles/otaSign");
    EXPECT_EQ(routed("signer", "POST", "/tags/a/b"), "404 UnknownOperationException");
    EXPECT_EQ(label("iot-jobs-data", ask("PUT", "/things/t%3A1/jobs/%24next"), "thingName"), "t:1");
    EXPECT_EQ(routed("iot-jobs-data", "PUT", "/things/t/jobs/%24next"), "StartNextPendingJobExecution");
    EXPECT_EQ(routed("iot-jobs-data", "PUT", "/things/t/jobs/$next"), "StartNextPendingJobExecution");
}

TEST(Route, ALiteralSegmentBeatsALabel) {
    EXPECT_EQ(routed("iot", "GET", "/things/jobs/jobs"), "ListJobExecutionsForThing");  // a thing named jobs
    EXPECT_EQ(routed("iot", "PUT", "/thing-groups/addThingToThingGroup"), "AddThingToThingGroup");
    EXPECT_EQ(routed("iot", "GET", "/jobs/j/job-document"), "GetJobDocument");
    EXPECT_EQ(routed("iot", "GET", "/jobs/j/things"), "ListJobExecutionsForJob");
}

TEST(Route, TheSamePathMeansAnotherThingInAnotherService) {
    EXPECT_EQ(routed("iot", "GET", "/things/t/jobs"), "ListJobExecutionsForThing");
    EXPECT_EQ(routed("iot-jobs-data", "GET", "/things/t/jobs"), "GetPendingJobExecutions");
    EXPECT_EQ(routed("iot", "GET", "/things/t/jobs/j"), "DescribeJobExecution");
    EXPECT_EQ(routed("s3", "GET", "/things/t/jobs/j"), "GetObject");
}

TEST(Route, TopicsMayHaveRawSlashes) {
    EXPECT_EQ(label("iot-data", ask("POST", "/topics/xsense/a%20b/c?qos=1"), "topic"), "xsense/a b/c");
    EXPECT_EQ(label("iot-data", ask("POST", "/topics/a%2Fb"), "topic"), "a/b");
}

TEST(Route, WhatNoRouteTakesIsRefusedInTheServicesWords) {
    EXPECT_EQ(routed("iot", "GET", "/thing"), "404 UnknownOperationException");
    EXPECT_EQ(routed("iot", "GET", "/things//jobs"), "404 UnknownOperationException");
    EXPECT_EQ(routed("iot", "BREW", "/things"), "404 UnknownOperationException");
    EXPECT_EQ(routed("iot", "GET", "things"), "404 UnknownOperationException");
    EXPECT_EQ(routed("iot", "get", "/things"), "404 UnknownOperationException");
    EXPECT_EQ(routed("s3", "POST", "/b/k"), "405 MethodNotAllowed");
    EXPECT_EQ(routed("s3", "DELETE", "/"), "405 MethodNotAllowed");
    EXPECT_EQ(routed("s3", "PATCH", "/b/k"), "405 MethodNotAllowed");
}

TEST(Route, ATrailingSlashDoesNotChangeTheOperation) {
    EXPECT_EQ(routed("iot", "GET", "/things/"), "ListThings");
    EXPECT_EQ(routed("iot", "GET", "/things//"), "404 UnknownOperationException");
}

TEST(Route, QueryServicesAreAskedByAction) {
    Request request = ask("POST", "/");
    request.body = "Action=CreateRole&Version=2010-05-08&RoleName=r";
    EXPECT_EQ(routed("iam", request), "CreateRole");
    EXPECT_EQ(routed("iam", "GET", "/?Action=ListRoles&Version=2010-05-08"), "ListRoles");
    request.body = "Version=2010-05-08&Action=CreateRol";
    EXPECT_EQ(routed("iam", request), "400 InvalidAction");
    request.body = "Action=CreateRole&Version=2009-01-01";
    EXPECT_EQ(routed("iam", request), "400 InvalidAction");
    EXPECT_EQ(find_route(*find_service("iam"), request).error().message, "Could not find operation CreateRole for version 2009-01-01");
    request.body = "Version=2010-05-08";
    EXPECT_EQ(routed("iam", request), "400 MissingAction");
    request.body = "Action=AssumeRole&Version=2010-05-08";  // STS's
    EXPECT_EQ(routed("iam", request), "400 InvalidAction");
}

TEST(Route, AcmIsAskedByItsTarget) {
    EXPECT_EQ(routed("acm", "POST", "/", Headers{{"x-amz-target", "CertificateManager.ImportCertificate"}}), "ImportCertificate");
    EXPECT_EQ(routed("acm", "POST", "/", Headers{{"X-Amz-Target", "CertificateManager.Import"}}), "400 UnknownOperationException");
    EXPECT_EQ(routed("acm", "POST", "/", Headers{{"X-Amz-Target", "Other.ImportCertificate"}}), "400 UnknownOperationException");
    EXPECT_EQ(routed("acm", "POST", "/", Headers{{"X-Amz-Target", "ImportCertificate"}}), "400 UnknownOperationException");
    EXPECT_EQ(routed("acm", "POST", "/"), "400 UnknownOperationException");
}

}  // namespace
}  // namespace otabahn::awsapi
